/** Tencent's ncnn: its rules and the calibration table its converter reads. */
@NullMarked
package dev.detent.backends.ncnn;

import org.jspecify.annotations.NullMarked;
