package dev.detent.spi.problem;

import dev.detent.spi.ImplementedByPlugins;
import dev.detent.spi.Stable;
import java.util.List;
import org.pf4j.ExtensionPoint;

/**
 * The problems that a plugin, or a module of Detent, can tell: a class whose {@code static final} fields are
 * {@link ProblemType}s. To add a problem is to add a constant. A plugin marks the class with {@code @Extension}.
 *
 * <pre>{@code
 * @Extension
 * public final class AcmeProblems implements ProblemCatalog {
 *     static final ProblemType ODD_SHAPE = new ProblemType(
 *             "ACME-LNT-001",
 *             "An input with an odd number of channels",
 *             "The chip works on pairs of channels.",
 *             "Pad the input by one channel.");
 * }
 * }</pre>
 */
@Stable(since = "1.0")
@ImplementedByPlugins
public interface ProblemCatalog extends ExtensionPoint {

    /** All problems of the catalogue, sorted by id: the constants of its class. Called on any thread. */
    default List<ProblemType> types() {
        return ProblemType.constantsOf(getClass());
    }
}
