package dev.detent.passes.tuning;

/** Adam (Kingma and Ba 2015) for one tensor, with the paper's decay rates. */
final class Adam {

    private static final double FIRST = 0.9;
    private static final double SECOND = 0.999;
    private static final double EPSILON = 1e-12;

    private final float[] mean;
    private final float[] square;
    private int steps;

    Adam(int size) {
        this.mean = new float[size];
        this.square = new float[size];
    }

    /** By how much to change each value, in units of the learning rate; about 1 where gradients agree. */
    float[] step(float[] gradient) {
        steps++;
        double first = 1 - Math.pow(FIRST, steps);
        double second = 1 - Math.pow(SECOND, steps);
        float[] change = new float[gradient.length];
        for (int i = 0; i < gradient.length; i++) {
            mean[i] = (float) (FIRST * mean[i] + (1 - FIRST) * gradient[i]);
            square[i] = (float) (SECOND * square[i] + (1 - SECOND) * gradient[i] * gradient[i]);
            change[i] = (float) (-mean[i] / first / (Math.sqrt(square[i] / second) + EPSILON));
        }
        return change;
    }
}
