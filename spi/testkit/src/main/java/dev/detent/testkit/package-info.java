/**
 * The contracts a plugin must keep, as plain checks without a test framework: a vendor calls them from tests of any
 * kind, and {@code detent plugins verify} runs the same ones on a packaged jar.
 */
@NullMarked
package dev.detent.testkit;

import org.jspecify.annotations.NullMarked;
