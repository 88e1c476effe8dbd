package dev.detent.passes.equalization;

import java.util.Arrays;

/** Numbers that are joined into sets; the smallest number of a set stands for it. */
final class DisjointSets {

    private int[] parent = new int[0];

    /** Numbers below {@code size} exist; new ones are sets of their own. */
    void grow(int size) {
        int before = parent.length;
        if (before < size) {
            parent = Arrays.copyOf(parent, 2 * size);
            for (int i = before; i < parent.length; i++) {
                parent[i] = i;
            }
        }
    }

    int find(int i) {
        int root = i;
        while (parent[root] != root) {
            root = parent[root];
        }
        parent[i] = root;
        return root;
    }

    void join(int a, int b) {
        int x = find(a);
        int y = find(b);
        parent[Math.max(x, y)] = Math.min(x, y);
    }
}
