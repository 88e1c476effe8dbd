package dev.detent.spi;

/**
 * Who hosts a plugin; may be injected into an extension's constructor.
 *
 * @param version Detent's version
 * @param spiVersion see {@link SpiVersion#CURRENT}
 */
public record HostInfo(String version, String spiVersion) {}
