/** What a plugin must keep to, checked on a packaged jar by {@code detent plugins verify}. */
@NullMarked
package dev.detent.host.contract;

import org.jspecify.annotations.NullMarked;
