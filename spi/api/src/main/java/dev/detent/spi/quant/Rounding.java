package dev.detent.spi.quant;

/**
 * How a real code becomes an integer one. PPQ 0.6.5's tensor path is the reference (see docs/differences.md for its
 * scalar path).
 */
public enum Rounding {
    HALF_EVEN {
        @Override
        public double round(double v) {
            return Math.rint(v);
        }
    },
    /** Ties toward +infinity. */
    HALF_UP {
        @Override
        public double round(double v) {
            return Math.floor(v + 0.5);
        }
    },
    /** Ties toward -infinity. */
    HALF_DOWN {
        @Override
        public double round(double v) {
            return Math.ceil(v - 0.5);
        }
    },
    HALF_TOWARDS_ZERO {
        @Override
        public double round(double v) {
            return Math.copySign(Math.ceil(Math.abs(v) - 0.5), v);
        }
    },
    HALF_AWAY_FROM_ZERO {
        @Override
        public double round(double v) {
            return Math.copySign(Math.floor(Math.abs(v) + 0.5), v);
        }
    },
    UP {
        @Override
        public double round(double v) {
            return Math.ceil(v);
        }
    },
    DOWN {
        @Override
        public double round(double v) {
            return Math.floor(v);
        }
    };

    public abstract double round(double v);
}
