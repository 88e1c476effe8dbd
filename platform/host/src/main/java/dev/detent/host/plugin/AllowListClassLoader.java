package dev.detent.host.plugin;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;
import org.pf4j.PluginClassLoader;
import org.pf4j.PluginDescriptor;
import org.pf4j.PluginManager;

/**
 * A plugin sees the SPI packages of the host, its own jar and the platform's classes; nothing else of the host. Parent
 * is the platform loader, as in Trino.
 */
final class AllowListClassLoader extends PluginClassLoader {

    private static final List<String> FROM_HOST =
            List.of("dev.detent.spi.", "dev.detent.support.", "org.pf4j.", "jakarta.inject.", "org.jspecify.");

    /** All that this process has made: whoever ends it is found by the names on the stack. */
    private static final Set<AllowListClassLoader> MADE =
            Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

    static {
        registerAsParallelCapable();
    }

    private final String plugin;

    AllowListClassLoader(PluginManager manager, PluginDescriptor descriptor) {
        super(manager, descriptor, ClassLoader.getPlatformClassLoader());
        this.plugin = descriptor.getPluginId() + " " + descriptor.getVersion();
    }

    static AllowListClassLoader of(PluginManager manager, PluginDescriptor descriptor) {
        AllowListClassLoader loader = new AllowListClassLoader(manager, descriptor);
        MADE.add(loader);
        return loader;
    }

    /** Id and version of the plugin whose class is nearest to the top of a stack. */
    static Optional<String> owner(StackTraceElement[] stack) {
        List<AllowListClassLoader> all = List.copyOf(MADE);
        return Arrays.stream(stack)
                .flatMap(frame -> all.stream().filter(l -> l.isOwn(frame.getClassName())))
                .map(l -> l.plugin)
                .findFirst();
    }

    /** Loaded by this loader itself; those it has asked others for are found, too. */
    private boolean isOwn(String className) {
        Class<?> loaded = findLoadedClass(className);
        return loaded != null && loaded.getClassLoader() == this;
    }

    /**
     * Whether plugins get this class from the host; a jar with a copy of its own would have another type of that name.
     */
    static boolean isFromHost(String className) {
        return FROM_HOST.stream().anyMatch(className::startsWith);
    }

    @Override
    public Class<?> loadClass(String name) throws ClassNotFoundException {
        if (isFromHost(name)) {
            return AllowListClassLoader.class.getClassLoader().loadClass(name);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            if (loaded != null) {
                return loaded;
            }
            try {
                return ClassLoader.getPlatformClassLoader().loadClass(name);
            } catch (ClassNotFoundException e) {
                return findClass(name);
            }
        }
    }
}
