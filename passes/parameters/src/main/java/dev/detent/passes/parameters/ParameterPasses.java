package dev.detent.passes.parameters;

import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The passes of this jar. */
@Extension
public final class ParameterPasses implements PassProvider {

    @Override
    public List<PassDefinition> passes() {
        return List.of(PreventBiasOverflow.DEFINITION, DeriveBiasScales.DEFINITION, BakeParameters.DEFINITION);
    }
}
