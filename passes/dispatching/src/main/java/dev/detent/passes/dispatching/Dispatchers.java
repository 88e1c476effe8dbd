package dev.detent.passes.dispatching;

import dev.detent.spi.pass.Dispatcher;
import dev.detent.spi.pass.DispatcherProvider;
import java.util.List;
import org.pf4j.Extension;

/** The strategies of this jar. */
@Extension
public final class Dispatchers implements DispatcherProvider {

    @Override
    public List<Dispatcher> dispatchers() {
        return List.of(
                new ActivationFlowDispatcher(),
                new PerseusDispatcher(),
                new SearchDispatcher(SearchDispatcher.Reach.CONSERVATIVE),
                new SearchDispatcher(SearchDispatcher.Reach.PPLNN),
                new SearchDispatcher(SearchDispatcher.Reach.AGGRESSIVE),
                new SearchDispatcher(SearchDispatcher.Reach.POINTWISE),
                new AllSupportedDispatcher());
    }
}
