package dev.detent.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Target;

/** Plugins call this type and never implement it: adding a method breaks nobody. */
@Documented
@Target(ElementType.TYPE)
public @interface ImplementedByHost {}
