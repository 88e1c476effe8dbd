/** TI's TDA4 and AM6x through TIDL: Q/DQ models it takes as they are. */
@NullMarked
package dev.detent.backends.tidl;

import org.jspecify.annotations.NullMarked;
