/** What a pass declares and what it is given when it runs. */
@NullMarked
package dev.detent.spi.pass;

import org.jspecify.annotations.NullMarked;
