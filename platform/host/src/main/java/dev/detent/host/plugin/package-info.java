/** Finding, checking, loading and wiring plugin jars. */
@NullMarked
package dev.detent.host.plugin;

import org.jspecify.annotations.NullMarked;
