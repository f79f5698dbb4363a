"""Replays of the files of the Taxi and Limousine Commission, as it has published them since 2009."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from flink_apps.common import taxi_trip
from tests.flink_apps.embedded import start
from tests.flink_apps.replays import DRIVER, Replay, Replayed, jar, joined, millis, run, write

pytestmark = pytest.mark.integration


def commission(columns: str, *rows: str) -> bytes:
    """A CSV file of the commission."""
    return joined([line.encode() for line in (columns, *rows)])


#: Of each of the commission's layouts a file: the header, and a trip, both as they are published.
COMMISSION = {
    "yellow 2009": commission(
        "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,"
        "Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt",
        "VTS,2009-01-04 02:52:00,2009-01-04 03:02:00,1,2.63,-73.99195,40.72156,,,-73.99380,40.69592,CASH,8.9,0.5,,0,"
        "0,9.4",
    ),
    "yellow 2014": commission(
        "vendor_id, pickup_datetime, dropoff_datetime, passenger_count, trip_distance, pickup_longitude,"
        " pickup_latitude, rate_code, store_and_fwd_flag, dropoff_longitude, dropoff_latitude, payment_type,"
        " fare_amount, surcharge, mta_tax, tip_amount, tolls_amount, total_amount",
        "",
        "CMT,2014-01-09 20:45:25,2014-01-09 20:52:31,1,0.7,-73.99477,40.736828,1,N,-73.982227,40.73179,CRD,6.5,0.5,0.5,"
        "1.4,0,8.9",
    ),
    "yellow 2015": commission(
        "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,pickup_longitude,"
        "pickup_latitude,RateCodeID,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,"
        "extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount",
        "2,2015-01-15 19:05:39,2015-01-15 19:23:42,1,1.59,-73.993896,40.750110,1,N,-73.974784,40.750617,1,12,1,0.5,"
        "3.25,0,0.3,17.05",
    ),
    "yellow 2016": commission(
        "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,"
        "store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,"
        "improvement_surcharge,total_amount",
        "",
        "1,2016-12-01 00:00:01,2016-12-01 00:10:22,1,1.60,1,N,163,143,2,9,0.5,0.5,0,0,0.3,10.3,,",
    ),
    "yellow 2019": b"\xef\xbb\xbf"
    + commission(
        "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,"
        "store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,"
        "improvement_surcharge,total_amount,congestion_surcharge\r",
        "1,2019-03-07 08:01:02,2019-03-07 08:15:42,1,2.4,1,N,68,232,1,11.5,0,0.5,2.46,0,0.3,14.76,2.5\r",
    ),
    "green 2013": commission(
        "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,"
        "Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,"
        "Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,Trip_type ",
        "2,2013-09-01 00:02:00,2013-09-01 00:54:51,N,1,-73.952408,40.810726,-73.983940,40.676285,5,14.35,50.5,0.5,0.5,"
        "10.3,0,,61.8,1,,,",
    ),
    "green 2019": commission(
        '"VendorID","lpep_pickup_datetime","lpep_dropoff_datetime","store_and_fwd_flag","RatecodeID","PULocationID",'
        '"DOLocationID","passenger_count","trip_distance","fare_amount","extra","mta_tax","tip_amount","tolls_amount",'
        '"ehail_fee","improvement_surcharge","total_amount","payment_type","trip_type","congestion_surcharge"',
        '"2","2019-01-01 00:10:16","2019-01-01 00:16:32","N","1","97","49","2","0.86","6","0.5","0.5","0","0","","0.3",'
        '"7.3","2","1",""',
    ),
    "for hire 2018": commission(
        '"Pickup_DateTime","DropOff_datetime","PUlocationID","DOlocationID","SR_Flag","Dispatching_base_number",'
        '"Dispatching_base_num"',
        '"2018-01-01 00:01:22","2018-01-01 00:14:04","","239","","B00014","B00014"',
    ),
    "high volume 2019": commission(
        "hvfhs_license_num,dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag",
        "HV0003,B02867,2019-02-01 00:05:18,2019-02-01 00:14:57,245,251,",
    ),
    "high volume 2025": commission(
        "hvfhs_license_num,dispatching_base_num,originating_base_num,request_datetime,on_scene_datetime,"
        "pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,trip_miles,trip_time,base_passenger_fare,tolls,bcf,"
        "sales_tax,congestion_surcharge,airport_fee,tips,driver_pay,shared_request_flag,shared_match_flag,"
        "access_a_ride_flag,wav_request_flag,wav_match_flag,cbd_congestion_fee",
        "HV0003,B03404,B03404,2025-01-06 00:17:47,2025-01-06 00:19:06,2025-01-06 00:20:08,2025-01-06 00:46:11,161,158,"
        "2.83,1563,45.61,6.94,1.25,4.05,2.75,0.0,5.5,40.18,N,N,N,N,N,1.5",
    ),
}


def local_times(*texts: str) -> pa.Array:
    return pa.array(map(datetime.fromisoformat, texts), pa.timestamp("us"))


def commission_parquet(**changed: Any) -> bytes:
    """A file of the commission since 2022, with a trip that has all values and one that has only those it must have."""
    columns: dict[str, pa.Array] = {
        "VendorID": pa.array([1, 2], pa.int32()),
        "tpep_pickup_datetime": local_times("2023-03-07T08:01:02", "2023-03-07T08:02:00"),
        "tpep_dropoff_datetime": local_times("2023-03-07T08:15:42", "2023-03-07T08:16:00"),
        "passenger_count": pa.array([1.0, None], pa.float64()),
        "trip_distance": pa.array([2.4, 1.0], pa.float64()),
        "RatecodeID": pa.array([1.0, None], pa.float64()),
        "store_and_fwd_flag": pa.array(["N", None], pa.large_string()),
        "PULocationID": pa.array([68, 132], pa.int64()),
        "DOLocationID": pa.array([232, 1], pa.int32()),
        "payment_type": pa.array([1, 0], pa.int64()),
        "fare_amount": pa.array([11.5, 9.0], pa.float64()),
        "extra": pa.array([0.0, 0.0], pa.float64()),
        "mta_tax": pa.array([0.5, 0.5], pa.float64()),
        "tip_amount": pa.array([2.46, 0.0], pa.float64()),
        "tolls_amount": pa.array([0.0, 0.0], pa.float64()),
        "improvement_surcharge": pa.array([0.3, 0.3], pa.float64()),
        "total_amount": pa.array([14.76, 9.8], pa.float64()),
        "airport_fee": pa.array([None, None], pa.null()),
        **changed,
    }
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


def for_hire_parquet() -> bytes:
    """A file of trips for hire of the commission since 2022, with a trip whose zones it does not know."""
    columns = {
        "dispatching_base_num": pa.array(["B00008", "B00014"]),
        "pickup_datetime": local_times("2022-03-07T08:01:02", "2022-03-07T08:02:00"),
        "dropOff_datetime": local_times("2022-03-07T08:15:42", "2022-03-07T08:16:00"),
        "PUlocationID": pa.array([68.0, None], pa.float64()),
        "DOlocationID": pa.array([232.0, None], pa.float64()),
        "SR_Flag": pa.array([None, None], pa.null()),
        "Affiliated_base_number": pa.array(["B00008", "B00014"]),
    }
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())


REPLAYS = {
    **{
        name: Replay(
            files={"trips.csv": content},
            properties={"source.format": "csv", "time.zone": "America/New_York"},
        )
        for name, content in COMMISSION.items()
    },
    "commission parquet": Replay(
        files={"year=2023/month=3/trips.parquet": commission_parquet()},
        properties={"source.format": "parquet", "time.zone": "America/New_York"},
    ),
    "a parquet file with a value that is no number": Replay(
        files={"trips.parquet": commission_parquet(passenger_count=pa.array([1.5, 2.0]))},
        properties={"source.format": "parquet"},
    ),
    "for hire parquet": Replay(
        files={"trips.parquet": for_hire_parquet()},
        properties={"source.format": "parquet", "time.zone": "America/New_York"},
    ),
    "one file without the columns": Replay(
        files={
            # As the commission published trips for hire until 2016.
            "a.csv": commission("Dispatching_base_num,Pickup_date,locationID", "B00001,2015-01-01 00:30:00,"),
            "b.csv": COMMISSION["yellow 2019"],
        },
        properties={"source.format": "csv"},
    ),
}


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return run(REPLAYS, tmp_path_factory.mktemp("replays"))


def trip(**fields: Any) -> dict[str, Any]:
    """An event of a file of the commission, which has the other fields like this."""
    usual = {"ratecode_id": 1, "store_and_fwd_flag": "N", "tolls_amount": 0.0, "mta_tax": 0.5, "trip_id": 1}
    return {"type": "yellow-trip", "improvement_surcharge": 0.3, "passenger_count": 1, **usual, **fields}


def fare(*amounts: float) -> dict[str, float]:
    return dict(zip(("trip_distance", "fare_amount", "extra", "tip_amount", "total_amount"), amounts, strict=True))


def ride(payment: int, vendor: int, pickup: str, dropoff: str, zones: tuple[int, int] = (264, 264)) -> dict[str, int]:
    """Codes, times in New York and zones."""
    return {
        "payment_type": payment,
        "vendor_id": vendor,
        "pickup_datetime": millis(pickup),
        "dropoff_datetime": millis(dropoff),
        "pickup_location_id": zones[0],
        "dropoff_location_id": zones[1],
    }


def for_hire(kind: str, pickup: str, dropoff: str, zones: tuple[int, int]) -> dict[str, Any]:
    """A trip for hire, of which the commission publishes no more."""
    nothing = dict.fromkeys(column.name for column in taxi_trip.TRIP)
    known = {**ride(0, 0, pickup, dropoff, zones), "payment_type": None, "vendor_id": None}
    return {**nothing, **known, "trip_id": 1, "type": kind}


EXPECTED = {
    "yellow 2009": trip(
        **ride(2, 2, "2009-01-04T02:52:00-05:00", "2009-01-04T03:02:00-05:00"),
        **fare(2.63, 8.9, 0.5, 0.0, 9.4),
        **{"ratecode_id": None, "store_and_fwd_flag": None, "mta_tax": None, "improvement_surcharge": 0.0},
    ),
    "yellow 2014": trip(
        **ride(1, 1, "2014-01-09T20:45:25-05:00", "2014-01-09T20:52:31-05:00"),
        **fare(0.7, 6.5, 0.5, 1.4, 8.9),
        improvement_surcharge=0.0,
    ),
    "yellow 2015": trip(
        **ride(1, 2, "2015-01-15T19:05:39-05:00", "2015-01-15T19:23:42-05:00"), **fare(1.59, 12.0, 1.0, 3.25, 17.05)
    ),
    "yellow 2016": trip(
        **ride(2, 1, "2016-12-01T00:00:01-05:00", "2016-12-01T00:10:22-05:00", (163, 143)),
        **fare(1.6, 9.0, 0.5, 0.0, 10.3),
    ),
    "yellow 2019": trip(
        **ride(1, 1, "2019-03-07T08:01:02-05:00", "2019-03-07T08:15:42-05:00", (68, 232)),
        **fare(2.4, 11.5, 0.0, 2.46, 14.76),
        congestion_surcharge=2.5,
    ),
    "green 2013": trip(
        **ride(1, 2, "2013-09-01T00:02:00-04:00", "2013-09-01T00:54:51-04:00"),
        **fare(14.35, 50.5, 0.5, 10.3, 61.8),
        **{"type": "green-trip", "passenger_count": 5, "improvement_surcharge": 0.0},
    ),
    "green 2019": trip(
        **ride(2, 2, "2019-01-01T00:10:16-05:00", "2019-01-01T00:16:32-05:00", (97, 49)),
        **fare(0.86, 6.0, 0.5, 0.0, 7.3),
        **{"type": "green-trip", "passenger_count": 2},
    ),
    "for hire 2018": for_hire("fhv-trip", "2018-01-01T00:01:22-05:00", "2018-01-01T00:14:04-05:00", (264, 239)),
    "high volume 2019": for_hire("fhvhv-trip", "2019-02-01T00:05:18-05:00", "2019-02-01T00:14:57-05:00", (245, 251)),
    "high volume 2025": {
        **for_hire("fhvhv-trip", "2025-01-06T00:20:08-05:00", "2025-01-06T00:46:11-05:00", (161, 158)),
        **{"trip_distance": 2.83, "fare_amount": 45.61, "tolls_amount": 6.94, "tip_amount": 5.5},
        **{"congestion_surcharge": 2.75, "airport_fee": 0.0, "cbd_congestion_fee": 1.5},
    },
}


@pytest.mark.parametrize("name", COMMISSION)
def test_a_file_of_the_commission_gives_trips_as_it_is_published(replayed: Replayed, name: str) -> None:
    assert [json.loads(event) for event in replayed.events(name)] == [EXPECTED[name]]


def test_a_parquet_file_of_the_commission_in_a_hive_partition_gives_trips(
    replayed: Replayed,
) -> None:
    assert [json.loads(event) for event in replayed.events("commission parquet")] == [
        trip(
            **ride(1, 1, "2023-03-07T08:01:02-05:00", "2023-03-07T08:15:42-05:00", (68, 232)),
            **fare(2.4, 11.5, 0.0, 2.46, 14.76),
        ),
        trip(
            **ride(0, 2, "2023-03-07T08:02:00-05:00", "2023-03-07T08:16:00-05:00", (132, 1)),
            **fare(1.0, 9.0, 0.0, 0.0, 9.8),
            **{"passenger_count": None, "ratecode_id": None, "store_and_fwd_flag": None, "trip_id": 2},
        ),
    ]


def test_a_parquet_file_of_trips_for_hire_gives_trips_with_the_unknown_zone_where_it_has_none(
    replayed: Replayed,
) -> None:
    assert [json.loads(event) for event in replayed.events("for hire parquet")] == [
        for_hire("fhv-trip", "2022-03-07T08:01:02-05:00", "2022-03-07T08:15:42-05:00", (68, 232)),
        {
            **for_hire("fhv-trip", "2022-03-07T08:02:00-05:00", "2022-03-07T08:16:00-05:00", (264, 264)),
            "trip_id": 2,
        },
    ]


def test_a_row_of_parquet_that_is_no_trip_keeps_its_values(replayed: Replayed) -> None:
    no_trip, good = map(json.loads, replayed.events("a parquet file with a value that is no number"))
    assert (no_trip["passenger_count"], no_trip["fare_amount"]) == ("1.5", "11.5")
    assert good["passenger_count"] == 2


def test_a_file_without_the_columns_is_named_and_does_not_stop_the_others(replayed: Replayed) -> None:
    refusal = (
        r"a\.csv is not read to its end: it must have the columns pickup_datetime, dropoff_datetime,"
        r" pickup_location_id or pickup_longitude, dropoff_location_id or dropoff_longitude"
        r" \(got Dispatching_base_num,Pickup_date,locationID\)"
    )
    assert len(re.findall(refusal, replayed.log)) == 1
    (event,) = replayed.events("one file without the columns")
    assert json.loads(event)["pickup_location_id"] == 68


def test_files_that_all_lack_the_columns_are_refused_with_those_that_they_have(tmp_path: Path) -> None:
    replay = Replay(files={"trips.csv": commission("name,colour", "a,red")})
    properties = {"source.path": str(write(replay, tmp_path / "in")), "source.format": "csv", "time.zone": "UTC"}
    job = {"properties": properties, "folder": str(tmp_path / "out"), "config": {}, "timed": False}
    process = start(DRIVER, jar(), [job], tmp_path / "log")
    assert process.wait(timeout=120) != 0
    log = (tmp_path / "log").read_text(errors="replace")
    assert re.search(
        r"trips\.csv is not read to its end: it must have the columns vendor_id or"
        r" dispatching_base_num, .*pickup_location_id or"
        r" pickup_longitude.* \(got name,colour\); no file could be replayed",
        log,
    ), log[-3_000:]
