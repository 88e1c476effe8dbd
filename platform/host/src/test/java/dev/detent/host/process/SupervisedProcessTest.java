package dev.detent.host.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.detent.spi.problem.InternalException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SupervisedProcessTest {

    /** A child that does not end by itself. */
    static final class Sleeper {
        public static void main(String[] arguments) throws InterruptedException {
            Thread.sleep(Duration.ofMinutes(1).toMillis());
        }
    }

    /** "Took longer than --timeout 0", it was told of. */
    @Test
    @Timeout(30)
    void anInterruptedRunIsNoneThatTookTooLong() {
        long children = ProcessHandle.current().children().count();
        Thread waiting = Thread.currentThread();
        Thread interrupter = new Thread(() -> {
            while (ProcessHandle.current().children().count() == children) {
                Thread.onSpinWait();
            }
            waiting.interrupt();
        });
        interrupter.start();
        assertThatThrownBy(() -> SupervisedProcess.run(Sleeper.class, List.of(), List.of(), Optional.empty()))
                .isInstanceOf(InternalException.class)
                .hasMessageContaining("DT-INT-006")
                .hasMessageContaining("interrupted");
        assertThat(Thread.interrupted()).isTrue();
        // An ended child is counted until the system has noticed; one that lives on ends this test by its time limit.
        while (ProcessHandle.current().children().count() != children) {
            Thread.onSpinWait();
        }
    }
}
