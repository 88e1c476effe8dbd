/** What a person types and sees. */
@NullMarked
package dev.detent.cli;

import org.jspecify.annotations.NullMarked;
