/** A chip that a user describes in a YAML file instead of in code. */
@NullMarked
package dev.detent.backends.generic;

import org.jspecify.annotations.NullMarked;
