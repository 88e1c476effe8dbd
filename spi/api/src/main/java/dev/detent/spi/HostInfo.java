package dev.detent.spi;

/**
 * Who hosts a plugin; may be injected into an extension's constructor.
 *
 * @param version Detent's version
 * @param spiVersion see {@link SpiVersion#CURRENT}
 */
@Experimental(since = "1.0")
public record HostInfo(String version, String spiVersion) {}
