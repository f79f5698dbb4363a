package flinkscenarios.kinesis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random sequences of what happens to streams and jobs: the same ones in each run, and a seed names the one that fails. */
class RandomSequencesTest {

    private static final int SEQUENCES = 1_000;
    private static final int KEYS = 12;

    /** What one sequence met. */
    private static final class Events {
        int splits;
        int merges;
        int restarts;
        int single;
        int global;
        int checkpoints;
    }

    @Test
    void perKeyInOrderNothingLostNothingTwice() throws Exception {
        Events all = new Events();
        for (int seed = 0; seed < SEQUENCES; seed++) {
            run(seed, all);
        }
        assertTrue(all.splits > SEQUENCES && all.merges > SEQUENCES, "resharding");
        assertTrue(all.restarts > SEQUENCES && all.single > SEQUENCES, "failures");
        assertTrue(all.global > 10, "failures that one task cannot recover from alone");
        assertTrue(all.checkpoints > SEQUENCES * 3, "checkpoints");
    }

    private static void run(int seed, Events events) throws Exception {
        Random random = new Random(seed);
        ModelStream stream = new ModelStream(random, 1 + random.nextInt(4));
        stream.throttled = random.nextInt(3) * 0.1;
        stream.unavailable = random.nextInt(2) * 0.05;
        ModelJob job = new ModelJob(random, stream, 1 + random.nextInt(4), false, null);
        Map<String, Integer> written = new HashMap<>();
        for (int i = 0; i < 70; i++) {
            act(random, stream, job, written, events);
            for (int steps = random.nextInt(25); steps > 0; steps--) {
                job.step();
            }
        }
        // In the end everything has to come, without failures.
        stream.throttled = 0;
        stream.unavailable = 0;
        int total = written.values().stream().mapToInt(Integer::intValue).sum();
        for (int round = 0; job.committed.size() < total && round < 400; round++) {
            job.discover();
            for (int passes = 0; passes < 5; passes++) {
                job.pass();
            }
            job.checkpoint();
        }
        events.global += job.globalFailures;
        Map<String, List<String>> read = byKey(job.committed);
        expected(written).forEach((key, texts) -> assertEquals(texts, read.get(key), "seed " + seed));
        assertEquals(total, job.committed.size(), "seed " + seed);
    }

    private static void act(
            Random random, ModelStream stream, ModelJob job, Map<String, Integer> written, Events events)
            throws Exception {
        List<ModelStream.Log> open = stream.open();
        ModelStream.Log log = open.get(random.nextInt(open.size()));
        int chance = random.nextInt(100);
        if (chance < 60) {
            for (int records = random.nextInt(8); records > 0; records--) {
                int key = random.nextInt(KEYS);
                BigInteger hashKey = ModelStream.hashKey((key + 0.5) / KEYS);
                int number = written.merge("k" + key, 1, Integer::sum);
                stream.put(hashKey, "k" + key, ("k" + key + " " + number).getBytes(StandardCharsets.UTF_8));
            }
        } else if (chance < 66 && open.size() < 10) {
            stream.split(log);
            events.splits++;
        } else if (chance < 70) {
            events.merges += stream.merge(log) ? 1 : 0;
        } else if (chance < 80) {
            job.checkpoint();
            events.checkpoints++;
        } else if (chance < 85) {
            job.restart(1 + random.nextInt(4));
            events.restarts++;
        } else if (chance < 90) {
            job.failOne();
            events.single++;
        } else if (chance < 93) {
            stream.expireIterators();
        } else {
            job.discover();
        }
    }

    private static Map<String, List<String>> expected(Map<String, Integer> written) {
        Map<String, List<String>> expected = new HashMap<>();
        written.forEach((key, count) -> {
            for (int number = 1; number <= count; number++) {
                expected.computeIfAbsent(key, k -> new ArrayList<>()).add(key + " " + number);
            }
        });
        return expected;
    }

    private static Map<String, List<String>> byKey(List<String> texts) {
        Map<String, List<String>> byKey = new HashMap<>();
        texts.forEach(text -> byKey.computeIfAbsent(text.split(" ")[0], key -> new ArrayList<>()).add(text));
        return byKey;
    }
}
