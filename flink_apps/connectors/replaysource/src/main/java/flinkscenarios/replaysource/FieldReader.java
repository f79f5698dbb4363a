package flinkscenarios.replaysource;

import org.apache.flink.table.data.GenericRowData;

/** Finds the fields of a line that have a column. */
interface FieldReader {

    /** Sets the columns to their fields' texts; all stay NULL when the line cannot be read. */
    void read(byte[] line, GenericRowData row);
}
