package dev.detent.host.plugin;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;

/**
 * How large a plugin jar may be. The sizes that a jar states are checked before anything is read; since they can lie,
 * what is read is counted as well. One instance counts one jar.
 */
final class JarLimits {

    /** The largest of ours has 0.1 MB; there is room for native libraries of several platforms. */
    static final long JAR_BYTES = 100L << 20;

    static final long UNPACKED_BYTES = 400L << 20;

    /** Java limits a method to 64 KB and a class to 65535 constants: real classes stay far below. */
    static final long CLASS_BYTES = 8L << 20;

    /** Manifest, index, YAML. */
    static final int TEXT_BYTES = 1 << 20;

    private static final int ENTRIES = 50_000;

    private long read;

    /** The jar is larger than plugins may be. */
    static final class Exceeded extends IOException {
        private static final long serialVersionUID = 1;

        Exceeded(String sentence) {
            super(sentence);
        }
    }

    /** Also refuses what is no file: opening a pipe would wait for ever. */
    static void checkFile(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IOException(
                    Files.isDirectory(file)
                            ? "it is a folder"
                            : Files.exists(file) ? "it is no file" : "it is not there");
        }
        if (Files.size(file) > JAR_BYTES) {
            throw new Exceeded(
                    "has " + megabytes(Files.size(file)) + "; a plugin jar may have " + megabytes(JAR_BYTES));
        }
    }

    /** What the jar says of its entries. */
    static void checkEntries(JarFile jar) throws Exceeded {
        if (jar.size() > ENTRIES) {
            throw new Exceeded("has " + jar.size() + " entries; a plugin jar may have " + ENTRIES);
        }
        long all = 0;
        for (JarEntry e : (Iterable<JarEntry>) jar.stream()::iterator) {
            all += Math.max(0, e.getSize());
            check(e, e.getSize(), all);
        }
    }

    private static void check(JarEntry entry, long size, long all) throws Exceeded {
        if (size > limit(entry.getName())) {
            throw new Exceeded("its entry " + entry.getName() + " unpacks to more than "
                    + megabytes(limit(entry.getName())) + ", which is the limit");
        }
        if (all > UNPACKED_BYTES) {
            throw new Exceeded("unpacks to more than " + megabytes(UNPACKED_BYTES) + ", which is the limit");
        }
    }

    private static long limit(String name) {
        return name.endsWith(".class")
                ? CLASS_BYTES
                : name.startsWith("META-INF/")
                                && (name.endsWith(".MF") || name.endsWith(".idx") || name.endsWith(".yaml"))
                        ? TEXT_BYTES
                        : UNPACKED_BYTES;
    }

    private static String megabytes(long bytes) {
        return (bytes >> 20) + " MB";
    }

    /** The same stream, which ends with {@link Exceeded} at the limits. */
    InputStream counted(JarEntry entry, InputStream in) {
        return new FilterInputStream(in) {
            private long own;

            @Override
            public int read() throws IOException {
                int b = super.read();
                count(b < 0 ? 0 : 1);
                return b;
            }

            @Override
            public int read(byte[] to, int from, int length) throws IOException {
                int n = super.read(to, from, length);
                count(Math.max(0, n));
                return n;
            }

            private void count(int n) throws Exceeded {
                own += n;
                read += n;
                check(entry, own, read);
            }
        };
    }
}
