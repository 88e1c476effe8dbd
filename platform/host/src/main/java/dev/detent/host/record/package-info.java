/** The record of a run: what is written to and read from detent.json, journal.json and report.html. */
@NullMarked
package dev.detent.host.record;

import org.jspecify.annotations.NullMarked;
