// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static io.varve.coordination.tree.TreeFixture.bytes;
import static io.varve.coordination.tree.TreeFixture.create;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class WatchTableTest {

    private final TreeFixture tree = new TreeFixture();
    private final WatchTable watches = new WatchTable();
    private final Recorder watcher = new Recorder();

    private static final class Recorder implements Watcher {
        private final List<String> events = new ArrayList<>();
        private final List<WatchEvent> whole = new ArrayList<>();

        @Override
        public void onEvent(WatchEvent event) {
            events.add(event.type().name().replace("NODE_", "") + " " + event.path());
            whole.add(event);
        }

        private List<String> take() {
            List<String> taken = List.copyOf(events);
            events.clear();
            return taken;
        }
    }

    private void run(TreeOp operation) {
        assertThat(tree.run(operation)).isNotInstanceOf(TreeResult.Failed.class);
        watches.trigger(tree.last);
    }

    @Test
    void shouldTellADataWatchOnce() {
        watches.add(WatchKind.DATA, "/a", watcher);
        watches.add(WatchKind.DATA, "/a", watcher);

        run(create("/a"));
        run(new TreeOp.Set("/a", bytes("1"), -1));

        assertThat(watcher.take()).containsExactly("CREATED /a");
        watches.add(WatchKind.DATA, "/a", watcher);
        run(create("/a/b"));
        assertThat(watcher.take()).isEmpty();
        run(new TreeOp.SetAcl("/a", Acl.OPEN, -1));
        assertThat(watcher.take()).isEmpty();
        run(new TreeOp.Set("/a", bytes("2"), -1));
        assertThat(watcher.take()).containsExactly("DATA_CHANGED /a");
        watches.add(WatchKind.DATA, "/a/b", watcher);
        run(new TreeOp.Delete("/a/b", -1));
        assertThat(watcher.take()).containsExactly("DELETED /a/b");
        assertThat(watches.watchCount()).isZero();
    }

    @Test
    void shouldTellAChildWatchOfChildrenAndOfTheEnd() {
        run(create("/a"));
        watches.add(WatchKind.CHILDREN, "/a", watcher);
        run(new TreeOp.Set("/a", bytes("1"), -1));
        assertThat(watcher.take()).isEmpty();
        run(create("/a/b"));
        run(create("/a/c"));
        assertThat(watcher.take()).containsExactly("CHILDREN_CHANGED /a");
        watches.add(WatchKind.CHILDREN, "/a", watcher);
        run(new TreeOp.Delete("/a/b", -1));
        run(new TreeOp.Delete("/a/c", -1));
        assertThat(watcher.take()).containsExactly("CHILDREN_CHANGED /a");
        watches.add(WatchKind.CHILDREN, "/a", watcher);
        run(new TreeOp.Delete("/a", -1));
        assertThat(watcher.take()).containsExactly("DELETED /a");
    }

    @Test
    void shouldTellOfADeletionOnceWhoeverWatchesDataAndChildren() {
        run(create("/a"));
        watches.add(WatchKind.DATA, "/a", watcher);
        watches.add(WatchKind.CHILDREN, "/a", watcher);
        watches.add(WatchKind.PERSISTENT_RECURSIVE, "/", watcher);

        run(new TreeOp.Delete("/a", -1));

        assertThat(watcher.take()).containsExactly("DELETED /a");
        assertThat(watches.watchCount()).isEqualTo(1);
    }

    @Test
    void shouldTellAPersistentWatchAlways() {
        watches.add(WatchKind.PERSISTENT, "/a", watcher);
        for (int i = 0; i < 2; i++) {
            run(create("/a"));
            run(new TreeOp.Set("/a", bytes("1"), -1));
            run(create("/a/b"));
            run(new TreeOp.Set("/a/b", bytes("1"), -1));
            run(new TreeOp.Delete("/a/b", -1));
            run(new TreeOp.Delete("/a", -1));
            assertThat(watcher.take())
                    .containsExactly(
                            "CREATED /a",
                            "DATA_CHANGED /a",
                            "CHILDREN_CHANGED /a",
                            "CHILDREN_CHANGED /a",
                            "DELETED /a");
        }
    }

    @Test
    void shouldTellARecursiveWatchOfAllBelowAndOfNoChildren() {
        watches.add(WatchKind.PERSISTENT_RECURSIVE, "/a", watcher);
        run(create("/a"));
        run(create("/ab"));
        run(create("/a/b"));
        run(create("/a/b/c"));
        run(new TreeOp.Set("/a/b/c", bytes("1"), -1));
        run(new TreeOp.Delete("/a/b/c", -1));
        assertThat(watcher.take())
                .containsExactly(
                        "CREATED /a", "CREATED /a/b", "CREATED /a/b/c", "DATA_CHANGED /a/b/c", "DELETED /a/b/c");
    }

    @Test
    void shouldTellInTheOrderOfTheChangesOfATransaction() {
        watches.add(WatchKind.PERSISTENT_RECURSIVE, "/", watcher);
        watches.add(WatchKind.CHILDREN, "/", watcher);
        tree.multi(create("/a"), create("/a/b"), new TreeOp.Set("/a", bytes("1"), -1), new TreeOp.Delete("/a/b", -1));
        watches.trigger(tree.last);

        assertThat(watcher.take())
                .containsExactly("CREATED /a", "CHILDREN_CHANGED /", "CREATED /a/b", "DATA_CHANGED /a", "DELETED /a/b");
        assertThat(watcher.whole).allMatch(event -> event.zxid() == tree.last.zxid());
    }

    /** CVE-2024-23944: who may not read a node must not be told of it, so an event says who may. */
    @Test
    void shouldSayWhoMayKnow() {
        List<Acl> hidden = List.of(new Acl(Acl.ALL & ~Acl.READ, "world", "anyone"));
        watches.add(WatchKind.PERSISTENT_RECURSIVE, "/", watcher);
        watches.add(WatchKind.PERSISTENT, "/", watcher);
        run(new TreeOp.Create("/h", bytes(""), hidden, CreateMode.PERSISTENT, 0));
        run(new TreeOp.Delete("/h", -1));

        assertThat(watcher.whole.stream().map(WatchEvent::acl)).containsExactly(hidden, Acl.OPEN, hidden, Acl.OPEN);
    }

    @ParameterizedTest
    @EnumSource(WatchKind.class)
    void shouldRemoveOneKindAndLeaveTheOthers(WatchKind removed) {
        for (WatchKind kind : WatchKind.values()) {
            watches.add(kind, "/a", watcher);
        }
        assertThat(watches.remove(removed, "/a", watcher)).isTrue();
        assertThat(watches.remove(removed, "/a", watcher)).isFalse();
        for (WatchKind kind : WatchKind.values()) {
            assertThat(watches.contains(kind, "/a", watcher)).isEqualTo(kind != removed);
        }
        assertThat(watches.remove(null, "/a", watcher)).isTrue();
        assertThat(watches.contains(null, "/a", watcher)).isFalse();
        assertThat(watches.remove(null, "/a", watcher)).isFalse();
        assertThat(watches.remove(removed, "/b", watcher)).isFalse();
        assertThat(watches.byPath()).isEmpty();
        assertThat(watches.byWatcher()).isEmpty();
    }

    @Test
    void shouldForgetAWatcherThatHasGone() {
        Recorder other = new Recorder();
        for (int i = 0; i < 10_000; i++) {
            watches.add(WatchKind.DATA, "/n" + i, watcher);
        }
        watches.add(WatchKind.CHILDREN, "/n1", watcher);
        watches.add(WatchKind.DATA, "/n1", other);
        assertThat(watches.watchCount()).isEqualTo(10_002);
        assertThat(watches.watcherCount()).isEqualTo(2);
        assertThat(watches.pathCount()).isEqualTo(10_000);

        watches.removeAll(watcher);
        watches.removeAll(watcher);

        assertThat(watches.byPath()).isEqualTo(Map.of("/n1", Set.of(other)));
        run(create("/n1"));
        assertThat(watcher.take()).isEmpty();
        assertThat(other.take()).containsExactly("CREATED /n1");
    }

    @Test
    void shouldTellTenThousandWatchersInTheOrderInWhichTheyCame() {
        List<Integer> told = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            int number = i;
            watches.add(WatchKind.DATA, "/a", event -> told.add(number));
        }
        run(create("/a"));
        assertThat(told).hasSize(10_000).isSorted();
        assertThat(watches.watchCount()).isZero();
    }

    @Test
    void shouldLetAWatcherChangeTheTableWhileItIsTold() {
        Watcher again = new Watcher() {
            @Override
            public void onEvent(WatchEvent event) {
                watches.removeAll(watcher);
                watches.add(WatchKind.DATA, event.path(), this);
            }
        };
        watches.add(WatchKind.DATA, "/a", again);
        watches.add(WatchKind.DATA, "/a", watcher);
        run(create("/a"));
        assertThat(watches.contains(WatchKind.DATA, "/a", again)).isTrue();
    }

    /** Against a list of registrations that is searched from end to end. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldAgreeWithANaiveTable(long seed) {
        record Registration(WatchKind kind, String path, int watcher) {}
        Random random = new Random(seed);
        List<Recorder> recorders = List.of(new Recorder(), new Recorder(), new Recorder());
        Set<Registration> model = new java.util.LinkedHashSet<>();
        String[] paths = {"/a", "/a/b", "/a/b/c", "/", "/d"};
        for (int step = 0; step < 2000; step++) {
            String path = paths[random.nextInt(paths.length)];
            int who = random.nextInt(recorders.size());
            WatchKind kind = WatchKind.values()[random.nextInt(4)];
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    watches.add(kind, path, recorders.get(who));
                    model.add(new Registration(kind, path, who));
                }
                case 2 ->
                    assertThat(watches.remove(kind, path, recorders.get(who)))
                            .isEqualTo(model.remove(new Registration(kind, path, who)));
                case 3 -> {
                    if (random.nextInt(20) == 0) {
                        watches.removeAll(recorders.get(who));
                        model.removeIf(each -> each.watcher() == who);
                    }
                }
                default -> {
                    TreeOp operation = random.nextInt(3) == 0
                            ? new TreeOp.Set(path, bytes("1"), -1)
                            : random.nextBoolean() ? create(path) : new TreeOp.Delete(path, -1);
                    if (tree.run(operation) instanceof TreeResult.Failed) {
                        continue;
                    }
                    Map<Integer, List<String>> expected = new TreeMap<>();
                    for (int each = 0; each < recorders.size(); each++) {
                        int told = each;
                        List<String> events = new ArrayList<>();
                        boolean children = !(operation instanceof TreeOp.Set);
                        boolean deleted = operation instanceof TreeOp.Delete;
                        if (model.stream()
                                .anyMatch(r -> r.watcher() == told && concerns(r.kind(), r.path(), path, deleted))) {
                            events.add((operation instanceof TreeOp.Set
                                            ? "DATA_CHANGED "
                                            : deleted ? "DELETED " : "CREATED ")
                                    + path);
                        }
                        String parent = path.lastIndexOf('/') == 0 ? "/" : path.substring(0, path.lastIndexOf('/'));
                        if (children
                                && model.stream()
                                        .anyMatch(r -> r.watcher() == told
                                                && r.path().equals(parent)
                                                && (r.kind() == WatchKind.CHILDREN
                                                        || r.kind() == WatchKind.PERSISTENT))) {
                            events.add("CHILDREN_CHANGED " + parent);
                        }
                        expected.put(each, events);
                        model.removeIf(r -> r.watcher() == told
                                && r.path().equals(path)
                                && (r.kind() == WatchKind.DATA || (deleted && r.kind() == WatchKind.CHILDREN)));
                        model.removeIf(r -> children
                                && r.watcher() == told
                                && r.path().equals(parent)
                                && r.kind() == WatchKind.CHILDREN);
                    }
                    watches.trigger(tree.last);
                    for (int each = 0; each < recorders.size(); each++) {
                        assertThat(recorders.get(each).take())
                                .as("seed %d, step %d", seed, step)
                                .isEqualTo(expected.get(each));
                    }
                }
            }
        }
    }

    private static boolean concerns(WatchKind kind, String watched, String path, boolean deleted) {
        return switch (kind) {
            case DATA, PERSISTENT -> watched.equals(path);
            case CHILDREN -> deleted && watched.equals(path);
            case PERSISTENT_RECURSIVE -> watched.equals("/") || watched.equals(path) || path.startsWith(watched + "/");
        };
    }
}
