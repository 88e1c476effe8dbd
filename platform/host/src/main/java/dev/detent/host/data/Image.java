package dev.detent.host.data;

/** A decoded picture as planes of red, green, blue in 0..255. */
record Image(int width, int height, float[][] planes) {

    /** Scales with a triangle filter that widens when shrinking (what Pillow calls BILINEAR), each channel alone. */
    Image resize(int newWidth, int newHeight) {
        if (newWidth == width && newHeight == height) {
            return this;
        }
        float[][] resized = new float[3][];
        for (int c = 0; c < 3; c++) {
            float[] horizontal = resample(planes[c], height, width, 1, width, newWidth);
            float[] both = new float[newWidth * newHeight];
            float[] vertical =
                    resample(transpose(horizontal, height, newWidth), newWidth, height, 1, height, newHeight);
            System.arraycopy(transpose(vertical, newWidth, newHeight), 0, both, 0, both.length);
            for (int i = 0; i < both.length; i++) {
                both[i] = Math.min(255, Math.max(0, Math.round(both[i])));
            }
            resized[c] = both;
        }
        return new Image(newWidth, newHeight, resized);
    }

    private static float[] resample(float[] from, int rows, int rowStride, int step, int length, int newLength) {
        float[] to = new float[rows * newLength];
        double ratio = (double) length / newLength;
        double support = Math.max(1, ratio);
        for (int i = 0; i < newLength; i++) {
            double centre = (i + 0.5) * ratio;
            int first = Math.max(0, (int) (centre - support + 0.5));
            int last = Math.min(length, (int) (centre + support + 0.5));
            double total = 0;
            double[] weights = new double[Math.max(0, last - first)];
            for (int k = first; k < last; k++) {
                weights[k - first] = Math.max(0, 1 - Math.abs((k + 0.5 - centre) / support));
                total += weights[k - first];
            }
            for (int r = 0; r < rows; r++) {
                double sum = 0;
                for (int k = first; k < last; k++) {
                    sum += from[r * rowStride + k * step] * weights[k - first];
                }
                to[r * newLength + i] = (float) (sum / total);
            }
        }
        return to;
    }

    private static float[] transpose(float[] from, int rows, int columns) {
        float[] to = new float[from.length];
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < columns; c++) {
                to[c * rows + r] = from[r * columns + c];
            }
        }
        return to;
    }

    Image crop(int newWidth, int newHeight) {
        int left = (width - newWidth) / 2;
        int top = (height - newHeight) / 2;
        if (left < 0 || top < 0) {
            return resize(Math.max(width, newWidth), Math.max(height, newHeight))
                    .crop(newWidth, newHeight);
        }
        if (left == 0 && top == 0 && newWidth == width && newHeight == height) {
            return this;
        }
        float[][] cropped = new float[3][newWidth * newHeight];
        for (int c = 0; c < 3; c++) {
            for (int y = 0; y < newHeight; y++) {
                System.arraycopy(planes[c], (y + top) * width + left, cropped[c], y * newWidth, newWidth);
            }
        }
        return new Image(newWidth, newHeight, cropped);
    }

    /** ITU-R BT.601 luma. */
    float[] grey() {
        float[] grey = new float[width * height];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = .299f * planes[0][i] + .587f * planes[1][i] + .114f * planes[2][i];
        }
        return grey;
    }
}
