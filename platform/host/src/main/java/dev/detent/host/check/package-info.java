/** What a model will be on a target, told before there are data. */
@NullMarked
package dev.detent.host.check;

import org.jspecify.annotations.NullMarked;
