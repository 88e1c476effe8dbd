/** What an exporter is given and where it writes. */
@NullMarked
package dev.detent.spi.export;

import org.jspecify.annotations.NullMarked;
