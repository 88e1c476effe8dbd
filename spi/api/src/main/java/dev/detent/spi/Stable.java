package dev.detent.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A type of the contract that later versions of the same major number keep: nothing is removed or renamed, and what
 * plugins implement gains default methods only. Nested types have the mark of the type they are in.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
@Stable(since = "1.0")
public @interface Stable {

    /** Version of the SPI that has had the type first, e.g. {@code 1.0}. */
    String since();
}
