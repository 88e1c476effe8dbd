package dev.detent.passes.refinement;

import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The passes of this jar. */
@Extension
public final class Refinement implements PassProvider {

    @Override
    public List<PassDefinition> passes() {
        return List.of(
                FoldBias.DEFINITION,
                RefineInputs.DEFINITION,
                KeepIslands.DEFINITION,
                FuseQuantization.DEFINITION,
                SimplifyQuantization.DEFINITION,
                AlignOperands.DEFINITION,
                FloatFallback.DEFINITION);
    }
}
