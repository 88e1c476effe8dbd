/** Huawei Ascend: which operators run in integers, in which widths, and the record file its compiler reads. */
@NullMarked
package dev.detent.backends.ascend;

import org.jspecify.annotations.NullMarked;
