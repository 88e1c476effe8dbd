/** The words that host and plugins share. */
@org.jspecify.annotations.NullMarked
package dev.detent.spi;
