package dev.detent.backends.ppq;

import dev.detent.spi.backend.Backend;
import dev.detent.spi.backend.Target;
import dev.detent.spi.pass.PassDefinition;
import dev.detent.spi.pass.PassProvider;
import java.util.List;
import org.pf4j.Extension;

/** The rule sets of PPQ 0.6.5.1 and the passes only they need. */
@Extension
public final class Ppq implements Backend, PassProvider {

    @Override
    public List<Target> targets() {
        return Platforms.all().stream().<Target>map(PpqTarget::new).toList();
    }

    @Override
    public List<PassDefinition> passes() {
        return List.of(FormatGemm.DEFINITION, SplitGemm.DEFINITION, InputRounding.DEFINITION, ResizeMode.DEFINITION);
    }
}
