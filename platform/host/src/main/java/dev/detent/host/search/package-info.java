/** The search for the cheapest mix of widths that keeps a goal: {@code detent tune}. */
@NullMarked
package dev.detent.host.search;

import org.jspecify.annotations.NullMarked;
