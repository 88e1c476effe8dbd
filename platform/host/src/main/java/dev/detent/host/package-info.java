/** The Java API and the pipeline: what the command calls, and what a vendor embeds. */
@NullMarked
package dev.detent.host;

import org.jspecify.annotations.NullMarked;
