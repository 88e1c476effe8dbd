package dev.detent.host.job;

import dev.detent.host.observe.Shard;

/**
 * A look at data for later runs.
 *
 * @param run model, data and settings; of its targets, those that are named or, when none is, all that write something
 * @param shard the part of the samples to look at
 */
public record ObserveRequest(QuantizeRequest run, Shard shard) {}
