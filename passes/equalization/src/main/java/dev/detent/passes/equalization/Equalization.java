package dev.detent.passes.equalization;

import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The passes of this jar. */
@Extension
public final class Equalization implements PassProvider {

    @Override
    public List<PassDefinition> passes() {
        return List.of(
                EqualizeLayers.DEFINITION,
                EqualizeAcrossClips.DEFINITION,
                SmoothActivations.DEFINITION,
                CorrectBias.DEFINITION);
    }
}
