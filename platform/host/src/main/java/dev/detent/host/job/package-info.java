/** One job: what was asked for, the prepared model, the run for each target, the outcome. */
@NullMarked
package dev.detent.host.job;

import org.jspecify.annotations.NullMarked;
