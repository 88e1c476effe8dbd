/** A person's rules: what is matched, what is set there, where it was said, and what a target makes of it. */
@NullMarked
package dev.detent.host.rules;

import org.jspecify.annotations.NullMarked;
