package dev.detent.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/** A type of the contract, or a single method of a stable one, that any later version may change or remove. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Stable(since = "1.0")
public @interface Experimental {

    /** Version of the SPI that has had it first, e.g. {@code 1.0}. */
    String since();
}
