/** How long work tells whoever waits for it how far it has come. */
@NullMarked
package dev.detent.host.progress;

import org.jspecify.annotations.NullMarked;
