package dev.detent.host.plugin;

import dev.detent.spi.SpiVersion;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import org.pf4j.DefaultPluginManager;
import org.pf4j.JarPluginLoader;
import org.pf4j.JarPluginRepository;
import org.pf4j.ManifestPluginDescriptorFinder;
import org.pf4j.Plugin;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginDescriptorFinder;
import org.pf4j.PluginFactory;
import org.pf4j.PluginLoader;
import org.pf4j.PluginRepository;
import org.pf4j.PluginRuntimeException;
import org.pf4j.PluginState;
import org.pf4j.PluginStatusProvider;
import org.pf4j.PluginWrapper;
import org.pf4j.RuntimeMode;

/**
 * PF4J without its surprises: jars one by one, our class loader, nothing disabled by stray files, and a plugin class
 * that cannot be made is an exception instead of a line in a log. Holds no state (its factories run early).
 */
final class IsolatingPluginManager extends DefaultPluginManager {

    IsolatingPluginManager(Path folder) {
        super(folder);
        setSystemVersion(SpiVersion.CURRENT);
    }

    /** Loads and starts one plugin, which depends on started ones at most. */
    ClassLoader start(PluginJar jar) {
        String id = loadPlugin(jar.file());
        if (startPlugin(id) != PluginState.STARTED) {
            // PF4J only logs what happened.
            throw new PluginRuntimeException(getPlugin(id).getFailedException());
        }
        return getPluginClassLoader(id);
    }

    @Override
    public RuntimeMode getRuntimeMode() {
        return RuntimeMode.DEPLOYMENT;
    }

    @Override
    protected PluginRepository createPluginRepository() {
        return new JarPluginRepository(getPluginsRoots());
    }

    @Override
    protected PluginDescriptorFinder createPluginDescriptorFinder() {
        return new ManifestPluginDescriptorFinder();
    }

    @Override
    protected PluginFactory createPluginFactory() {
        return wrapper -> {
            try {
                return make(
                        wrapper.getPluginClassLoader()
                                .loadClass(wrapper.getDescriptor().getPluginClass()),
                        wrapper);
            } catch (InvocationTargetException e) {
                throw new PluginRuntimeException(e.getCause());
            } catch (ReflectiveOperationException | LinkageError | ClassCastException e) {
                throw new PluginRuntimeException(e);
            }
        };
    }

    private static Plugin make(Class<?> type, PluginWrapper wrapper) throws ReflectiveOperationException {
        for (Constructor<?> c : type.getConstructors()) {
            if (c.getParameterCount() == 1 && c.getParameterTypes()[0] == PluginWrapper.class) {
                return (Plugin) c.newInstance(wrapper);
            }
        }
        return (Plugin) type.getConstructor().newInstance();
    }

    @Override
    protected PluginLoader createPluginLoader() {
        return new JarPluginLoader(this) {
            @Override
            public ClassLoader loadPlugin(Path path, PluginDescriptor descriptor) {
                AllowListClassLoader loader = AllowListClassLoader.of(pluginManager, descriptor);
                loader.addFile(path.toFile());
                return loader;
            }
        };
    }

    @Override
    protected PluginStatusProvider createPluginStatusProvider() {
        return new PluginStatusProvider() {
            @Override
            public boolean isPluginDisabled(String id) {
                return false;
            }

            @Override
            public void disablePlugin(String id) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void enablePlugin(String id) {
                throw new UnsupportedOperationException();
            }
        };
    }
}
