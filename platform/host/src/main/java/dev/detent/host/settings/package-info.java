/** What a person sets: options of the command and of detent.yaml, brought together and checked. */
@NullMarked
package dev.detent.host.settings;

import org.jspecify.annotations.NullMarked;
