package dev.detent.spi.quant;

import dev.detent.spi.Stable;

/**
 * How a real code becomes an integer one. PPQ 0.6.5's tensor path is the reference (see docs/differences.md for its
 * scalar path).
 */
@Stable(since = "1.0")
public enum Rounding {
    /** Ties to the even neighbour: IEEE 754, ONNX's QuantizeLinear. */
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
    /** Ties toward 0. */
    HALF_TOWARDS_ZERO {
        @Override
        public double round(double v) {
            return Math.copySign(Math.ceil(Math.abs(v) - 0.5), v);
        }
    },
    /** Ties away from 0: C's {@code round}. */
    HALF_AWAY_FROM_ZERO {
        @Override
        public double round(double v) {
            return Math.copySign(Math.floor(Math.abs(v) + 0.5), v);
        }
    },
    /** Toward +infinity. */
    UP {
        @Override
        public double round(double v) {
            return Math.ceil(v);
        }
    },
    /** Toward -infinity. */
    DOWN {
        @Override
        public double round(double v) {
            return Math.floor(v);
        }
    };

    /** The whole number; NaN stays NaN, infinities stay what they are. */
    public abstract double round(double v);
}
