/**
 * What each layer and tensor costs a quantized network, why, and what cures it: measured by switching them one by one.
 */
@NullMarked
package dev.detent.host.analyze;

import org.jspecify.annotations.NullMarked;
