package flinkscenarios.replaysource;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Finds the columns of a table among those of a file, which may have other names.
 *
 * <p>Neither case nor white space around a name matters. A column with the table's own name goes before one with
 * another name. A column of a file may be several of the table.
 */
final class FileColumns implements Serializable {

    private static final long serialVersionUID = 1L;

    private static final int ABSENT = -1;
    /** Of a binary file, the names may be any bytes, and megabytes of them. */
    private static final int LONGEST_LIST = 1_000;

    private final List<String> columns;
    private final Map<String, String> otherNames;
    private final List<String> needed;

    /**
     * @param columns the table's columns
     * @param otherNames columns of the table, by the other names that files have for them
     * @param needed columns that a file must have; or several with | between them, of which it must have one
     */
    FileColumns(List<String> columns, Map<String, String> otherNames, List<String> needed) {
        this.columns = List.copyOf(columns);
        this.otherNames = new HashMap<>();
        otherNames.forEach((name, column) -> this.otherNames.put(normalized(name), column));
        this.needed = List.copyOf(needed);
    }

    int size() {
        return columns.size();
    }

    /**
     * For each column of the table, its index among those of the file, or -1.
     *
     * @throws MissingColumnsException the file does not have what is needed
     */
    int[] in(List<String> names) throws MissingColumnsException {
        int[] indexes = new int[columns.size()];
        Arrays.fill(indexes, ABSENT);
        List<String> file = names.stream().map(FileColumns::normalized).collect(Collectors.toList());
        for (int column = 0; column < indexes.length; column++) {
            indexes[column] = file.indexOf(normalized(columns.get(column)));
        }
        for (int name = 0; name < file.size(); name++) {
            String column = otherNames.get(file.get(name));
            if (column != null && indexes[columns.indexOf(column)] == ABSENT) {
                indexes[columns.indexOf(column)] = name;
            }
        }
        requireNeeded(indexes, names);
        return indexes;
    }

    private void requireNeeded(int[] indexes, List<String> names) throws MissingColumnsException {
        List<String> missing = new ArrayList<>();
        for (String alternatives : needed) {
            if (Arrays.stream(alternatives.split("\\|")).allMatch(name -> indexes[columns.indexOf(name)] == ABSENT)) {
                missing.add(alternatives.replace("|", " or "));
            }
        }
        if (!missing.isEmpty()) {
            String got = String.join(",", names);
            throw new MissingColumnsException(
                    String.format(
                            "it must have the columns %s (got %s)",
                            String.join(", ", missing),
                            got.length() > LONGEST_LIST ? got.substring(0, LONGEST_LIST) + "…" : got));
        }
    }

    private static String normalized(String name) {
        return name.trim().toLowerCase(Locale.ROOT);
    }
}
