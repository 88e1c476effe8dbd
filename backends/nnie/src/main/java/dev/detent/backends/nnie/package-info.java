/** HiSilicon NNIE: a logarithmic number system, its lint and the parameter files its mapper reads. */
@NullMarked
package dev.detent.backends.nnie;

import org.jspecify.annotations.NullMarked;
