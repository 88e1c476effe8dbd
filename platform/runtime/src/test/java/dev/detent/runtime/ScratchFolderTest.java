package dev.detent.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ScratchFolderTest {

    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));

    private static long deadProcess() throws IOException, InterruptedException {
        Process p = new ProcessBuilder("sh", "-c", "exit").start();
        p.waitFor(10, TimeUnit.SECONDS);
        return p.pid();
    }

    private static Path folder(long pid, String number) throws IOException {
        Path folder = Files.createDirectory(TEMPORARY.resolve("detent-scratch-" + pid + "-" + number));
        Files.writeString(folder.resolve("segment1.onnx"), "large");
        return folder;
    }

    private static Process java(Class<?> main, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command).start();
    }

    @Test
    void whatDeadProcessesLeftIsSweptAndNothingElse() throws IOException, InterruptedException {
        long dead = deadProcess();
        String number = Long.toUnsignedString(System.nanoTime());
        Path own = ScratchFolder.folder("own");
        Path left = folder(dead, number + "1");
        Files.createFile(left.resolve("lock"));
        // Killed before it had its lock; and one whose number somebody else has by now, or that nobody waited for.
        Path unlocked = Files.createDirectory(TEMPORARY.resolve("detent-scratch-" + dead + "-" + number + "2"));
        Path numbered = folder(1, number + "3");
        Files.createFile(numbered.resolve("lock"));
        Path foreign = folder(dead, number + "4");
        Path other = Files.createDirectory(TEMPORARY.resolve("detent-scratch-mine" + number));
        List<Path> all = new ArrayList<>(List.of(foreign, other, own));
        try {
            ScratchFolder.sweep();
            assertThat(left).doesNotExist();
            assertThat(unlocked).doesNotExist();
            assertThat(numbered).doesNotExist();
            assertThat(all).allMatch(Files::exists);
        } finally {
            all.forEach(ScratchFolder::remove);
        }
    }

    /** Commands that write no folder swept nothing. */
    @Test
    void whoeverMakesOneSweepsFirst() throws IOException, InterruptedException {
        Path left = folder(deadProcess(), Long.toUnsignedString(System.nanoTime()));
        Files.createFile(left.resolve("lock"));
        assertThat(java(Maker.class).waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(left).doesNotExist();
    }

    /** Processes that count apart, as in containers: the number says dead, the lock says alive. */
    @Test
    void aLockedFolderStays() throws IOException, InterruptedException {
        Path folder = folder(deadProcess(), Long.toUnsignedString(System.nanoTime()));
        Path lock = Files.createFile(folder.resolve("lock"));
        Process holder = java(Holder.class, lock.toString());
        try {
            assertThat(holder.getInputStream().read()).isEqualTo('+');
            ScratchFolder.sweep();
            assertThat(folder).exists();
        } finally {
            holder.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        ScratchFolder.sweep();
        assertThat(folder).doesNotExist();
    }

    /** Wants a folder and ends. */
    static final class Maker {
        private Maker() {}

        public static void main(String[] args) throws Exception {
            ScratchFolder.folder("own");
        }
    }

    /** Holds a lock until it is killed. */
    static final class Holder {
        private Holder() {}

        public static void main(String[] args) throws Exception {
            FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
            channel.lock();
            System.out.println("+");
            Thread.sleep(60_000);
        }
    }
}
