package dev.detent.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * A copy of the shipped plugin folder, in which a vendor's jars are made.
 *
 * @param work for what is made on the way
 */
record VendorFolder(Path work, Path plugins) {

    static final String GOOD = """
            package vendor;
            import dev.detent.spi.backend.*;
            import dev.detent.spi.graph.*;
            import dev.detent.support.number.LinearInteger;
            import java.util.List;
            public class Vendor implements Backend {
                public List<Target> targets() { return List.of(new VendorTarget()); }
                static class VendorTarget implements Target {
                    public String id() { return "vendor"; }
                    public String summary() { return "a vendor's chip"; }
                    public boolean supports(Node n, Graph g) { return n.is("Conv", "Relu"); }
                    public Rules rules() { return (n, g) -> NodeRule.uniform(n, new TensorRule(LinearInteger.symmetric(8, -128, 127), "minmax", InitialState.INITIAL)); }
                    public QuantizationRecipe recipe(DefaultRecipes host) { return QuantizationRecipe.dispatchedBy("perseus").with("refine").with("fusion").with("simplify")
                        .with("parameter-quantization").with("calibration").with("baking"); }
                }
            }
            """;

    static VendorFolder below(Path work) throws IOException {
        Path plugins = Files.createDirectories(work.resolve("plugins"));
        try (Stream<Path> files = Files.list(InstalledDistribution.home().resolve("plugins"))) {
            for (Path f : files.toList()) {
                Files.copy(f, plugins.resolve(f.getFileName()));
            }
        }
        return new VendorFolder(work, plugins);
    }

    /** A sound jar but for its source. */
    Path jar(String name, String source) throws IOException {
        return jar(name, manifest("vendor", ">=1.0.0 & <2.0.0"), source, true);
    }

    /** The same jar outside the plugin folder. */
    Path outside(String name, String source) throws IOException {
        return Files.move(jar(name, source), work.resolve(name));
    }

    Path jar(String name, Map<String, String> manifest, String source, boolean index) throws IOException {
        Manifest m = new Manifest();
        m.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.forEach((k, v) -> m.getMainAttributes().putValue(k, v));
        Path jar = plugins.resolve(name);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream j = new JarOutputStream(out, m)) {
            if (!source.isEmpty()) {
                Path classes = compile(source);
                try (Stream<Path> files = Files.walk(classes)) {
                    for (Path f : files.filter(Files::isRegularFile).toList()) {
                        j.putNextEntry(new ZipEntry(classes.relativize(f).toString()));
                        j.write(Files.readAllBytes(f));
                    }
                }
            }
            if (index) {
                j.putNextEntry(new ZipEntry("META-INF/extensions.idx"));
                j.write("vendor.Vendor\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
            }
        }
        return jar;
    }

    private Path compile(String source) throws IOException {
        Path classes = Files.createTempDirectory(work, "classes");
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        List<String> libs = new ArrayList<>();
        try (Stream<Path> files = Files.list(InstalledDistribution.home().resolve("lib"))) {
            files.forEach(f -> libs.add(f.toString()));
        }
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///vendor/Vendor.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignore) {
                        return source;
                    }
                };
        boolean ok = compiler.getTask(
                        null,
                        null,
                        null,
                        List.of(
                                "--release",
                                "17",
                                "-proc:none",
                                "-cp",
                                String.join(java.io.File.pathSeparator, libs),
                                "-d",
                                classes.toString()),
                        null,
                        List.of(file))
                .call();
        assertThat(ok).isTrue();
        return classes;
    }

    static Map<String, String> manifest(String id, String requires) {
        Map<String, String> m = new LinkedHashMap<>();
        m.put("Plugin-Id", id);
        m.put("Plugin-Version", "1.2.3");
        m.put("Plugin-Requires", requires);
        return m;
    }

    /** The good source with code in the extension's constructor. */
    static String constructor(String code) {
        return GOOD.replace(
                "public class Vendor implements Backend {",
                "public class Vendor implements Backend { public Vendor() { if (true) { " + code + " } }");
    }

    /** The good source with code at the beginning of one of the target's methods. */
    static String method(String name, String code) {
        int body = GOOD.indexOf("{", GOOD.indexOf(" " + name + "(")) + 1;
        return GOOD.substring(0, body) + " " + code + " " + GOOD.substring(body);
    }

    /** In a process of its own: what lies here may end it. */
    InstalledDistribution.Run run(Object... command) {
        return InstalledDistribution.launch(
                Map.of(),
                Stream.concat(Stream.of(command), Stream.of("--plugins", plugins))
                        .toArray());
    }

    Path file(String name) {
        return plugins.resolve(name);
    }

    String lock() throws IOException {
        return Files.readString(plugins.resolve("plugins.lock"));
    }
}
