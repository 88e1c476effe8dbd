package dev.detent.passes.tuning;

import dev.detent.spi.pass.PassContext;
import dev.detent.spi.problem.Problem;
import dev.detent.spi.run.Block;
import dev.detent.spi.run.Differentiator;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;

/**
 * Learns one block after the other by its gradient. A block is left as it was, all of it, unless its error on samples
 * that nothing was learned from has fallen. With the same seed the same numbers come out, for any number of threads.
 */
final class BlockLearning {

    /** What of a block is learned. */
    @FunctionalInterface
    interface Learners {
        List<Learner> of(PassContext context, Block block);
    }

    /**
     * @param steps for each block
     * @param batch samples of a step
     * @param rate at the beginning; it falls to 0 along a cosine
     * @param drop probability that an element of an activation is not quantized while learning
     */
    record Schedule(int steps, int batch, double rate, double drop, long seed) {}

    private final PassContext context;
    private final Schedule schedule;
    private final Learners learners;
    private int accepted;
    private int refused;
    private double before;
    private double after;

    BlockLearning(PassContext context, Schedule schedule, Learners learners) {
        this.context = context;
        this.schedule = schedule;
        this.learners = learners;
    }

    void run(Differentiator.Cutting cutting, String pass) {
        Differentiator differentiator = context.differentiator();
        differentiator.walk(cutting, this::learn);
        String obstacles = differentiator.withoutGradient().stream()
                .map(n -> n.opType())
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
        if (!obstacles.isEmpty()) {
            context.report(Problem.note(
                    TuningProblems.NO_GRADIENT, "no gradient passes " + obstacles + "; blocks end there", pass));
        }
        context.report(Problem.note(
                TuningProblems.LEARNED,
                String.format(
                        Locale.ROOT,
                        "learned %d of %d blocks, whose error fell by %.1f dB on samples held out; the others are as before",
                        accepted,
                        accepted + refused,
                        accepted == 0 ? 0 : 10 * (before - after) / accepted),
                pass));
    }

    private void learn(Block block) {
        List<Learner> all = learners.of(context, block);
        if (all.isEmpty() || block.samples() == 0) {
            return;
        }
        Block.Values values = block.values();
        double least = block.error(values);
        if (least == 0) {
            return;
        }
        Batches batches = new Batches(block.samples(), Math.min(schedule.batch(), block.samples()), schedule.seed());
        Random random = new Random(schedule.seed() + block.index());
        for (int step = 0; step < schedule.steps(); step++) {
            double at = (step + 0.5) / schedule.steps();
            double rate = schedule.rate() * (1 + Math.cos(Math.PI * at)) / 2;
            all.forEach(l -> l.put(values));
            Block.Drop drop =
                    schedule.drop() > 0 ? new Block.Drop(schedule.drop(), random.nextLong()) : Block.Drop.NONE;
            Block.Gradient gradient = block.gradient(values, batches.next(), drop);
            if (!Double.isFinite(gradient.error())) {
                refused++;
                return;
            }
            all.forEach(l -> l.learn(gradient, rate, at));
        }
        all.forEach(Learner::settle);
        all.forEach(l -> l.put(values));
        double error = block.error(values);
        if (error < least) {
            all.forEach(l -> l.commit(context));
            accepted++;
            before += Math.log10(least);
            after += Math.log10(error);
        } else {
            refused++;
        }
    }

    /** Samples in a new order for every round. */
    private static final class Batches {
        private final int batch;
        private final Random random;
        private final int[] order;
        private int at;

        Batches(int samples, int batch, long seed) {
            this.batch = batch;
            this.random = new Random(seed);
            this.order = new int[samples];
            for (int i = 0; i < samples; i++) {
                order[i] = i;
            }
            this.at = samples;
        }

        int[] next() {
            List<Integer> next = new ArrayList<>();
            while (next.size() < batch) {
                if (at == order.length) {
                    shuffle();
                    at = 0;
                }
                next.add(order[at++]);
            }
            return next.stream().mapToInt(i -> i).toArray();
        }

        private void shuffle() {
            for (int i = order.length - 1; i > 0; i--) {
                int other = random.nextInt(i + 1);
                int kept = order[i];
                order[i] = order[other];
                order[other] = kept;
            }
        }
    }
}
