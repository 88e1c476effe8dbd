/** What a chip family contributes: rules, support, profile, exporters. */
@NullMarked
package dev.detent.spi.backend;

import org.jspecify.annotations.NullMarked;
