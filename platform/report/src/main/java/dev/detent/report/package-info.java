/** Results as a person or a program reads them: JSON and HTML. */
@NullMarked
package dev.detent.report;

import org.jspecify.annotations.NullMarked;
