package dev.detent.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every public type of the contract says how long it will stay. */
class StabilityTest {

    @Test
    void everyPublicTypeHasOneMark() throws Exception {
        Path root = Path.of(SpiVersion.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        try (Stream<Path> files = Files.walk(root)) {
            assertThat(files.map(f -> root.relativize(f).toString().replace('/', '.'))
                            .filter(n -> n.endsWith(".class") && !n.endsWith("-info.class") && !n.contains("$"))
                            .map(StabilityTest::load)
                            .filter(t -> Modifier.isPublic(t.getModifiers())))
                    .hasSizeGreaterThan(60)
                    .allSatisfy(t -> assertThat(marks(t)).as(t.getName()).isEqualTo(1));
        }
    }

    private static int marks(AnnotatedElement type) {
        return (type.isAnnotationPresent(Stable.class) ? 1 : 0)
                + (type.isAnnotationPresent(Experimental.class) ? 1 : 0);
    }

    private static Class<?> load(String file) {
        try {
            return Class.forName(file.substring(0, file.length() - ".class".length()));
        } catch (ClassNotFoundException e) {
            throw new LinkageError(file, e);
        }
    }
}
