/** What happens beside the caller: a task in the background, and how far work has come. */
@NullMarked
package dev.detent.host.progress;

import org.jspecify.annotations.NullMarked;
