// A client of the HTTP interface, run by clickhouse-go.test.ts: reads and writes with the compression that it is given,
// and prints what it got as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

var compressions = map[string]*clickhouse.Compression{
	"none":    nil,
	"lz4":     {Method: clickhouse.CompressionLZ4},
	"zstd":    {Method: clickhouse.CompressionZSTD},
	"gzip":    {Method: clickhouse.CompressionGZIP, Level: 3},
	"deflate": {Method: clickhouse.CompressionDeflate, Level: 3},
	"br":      {Method: clickhouse.CompressionBrotli, Level: 3},
}

type row struct {
	ID       uint64            `json:"id"`
	At       time.Time         `json:"at"`
	Name     string            `json:"name"`
	Low      string            `json:"low"`
	Maybe    *int32            `json:"maybe"`
	List     []string          `json:"list"`
	Labels   map[string]string `json:"labels"`
	Letters  []string          `json:"letters"`
	Decimal  string            `json:"decimal"`
	Nothing  *string           `json:"nothing"`
	Identity string            `json:"identity"`
}

func main() {
	address, method := os.Args[1], os.Args[2]
	if err := run(address, method); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(address, method string) error {
	ctx := context.Background()
	db, err := clickhouse.Open(&clickhouse.Options{
		Addr:        []string{address},
		Protocol:    clickhouse.HTTP,
		Auth:        clickhouse.Auth{Database: "ops", Username: "default"},
		Compression: compressions[method],
		Settings:    clickhouse.Settings{"max_execution_time": 20},
	})
	if err != nil {
		return err
	}
	defer db.Close()
	version, err := db.ServerVersion()
	if err != nil {
		return err
	}
	table := "go_" + method
	if err := db.Exec(ctx, "CREATE TABLE "+table+` (id UInt64, at DateTime64(3, 'UTC'), name String,
		low LowCardinality(String), maybe Nullable(Int32), list Array(String), labels Map(LowCardinality(String), String),
		letters Array(LowCardinality(String)), decimal Decimal(18, 4), nothing LowCardinality(Nullable(String)),
		identity UUID) ENGINE = MergeTree ORDER BY id`); err != nil {
		return err
	}
	if err := insert(ctx, db, table); err != nil {
		return err
	}
	rows, err := read(ctx, db, table)
	if err != nil {
		return err
	}
	var bound struct {
		Text  string    `ch:"text"`
		List  []uint8   `ch:"list"`
		At    time.Time `ch:"at"`
		Count uint64    `ch:"count"`
	}
	named := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"text": "it's\\ü", "list": "[1,2]"}))
	if err := db.QueryRow(named, `SELECT {text:String} AS text, {list:Array(UInt8)} AS list,
		toDateTime('2024-01-02 03:04:05', 'UTC') AS at, (SELECT count() FROM `+table+`) AS count`).ScanStruct(&bound); err != nil {
		return err
	}
	var large uint64
	stream, err := db.Query(ctx, "SELECT number, toString(number) FROM numbers(200000)")
	if err != nil {
		return err
	}
	for stream.Next() {
		var number uint64
		var text string
		if err := stream.Scan(&number, &text); err != nil {
			return err
		}
		large += number
	}
	if err := stream.Err(); err != nil {
		return err
	}
	var empty int
	none, err := db.Query(ctx, "SELECT id FROM "+table+" WHERE 0")
	if err != nil {
		return err
	}
	for none.Next() {
		empty++
	}
	failure := db.Exec(ctx, "SELECT no_such_column")
	var exception *clickhouse.Exception
	errors.As(failure, &exception)
	code := int32(0)
	if exception != nil {
		code = exception.Code
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"version": fmt.Sprint(version.Version.Major), "rows": rows, "bound": bound, "large": large, "empty": empty,
		"error": code,
	})
}

func insert(ctx context.Context, db driver.Conn, table string) error {
	batch, err := db.PrepareBatch(ctx, "INSERT INTO "+table)
	if err != nil {
		return err
	}
	number := int32(-7)
	text := "x"
	for id := range uint64(3) {
		maybe, nothing := &number, &text
		if id == 1 {
			maybe, nothing = nil, nil
		}
		if err := batch.Append(id, time.UnixMilli(1700000000123).UTC(), fmt.Sprintf("name %d", id), fmt.Sprintf("low %d", id%2),
			maybe, make([]string, id), map[string]string{"key": fmt.Sprint(id)}, []string{"a", "b", "a"}, "12.3400", nothing,
			"61f0c404-5cb3-11e7-907b-a6006ad3dba0"); err != nil {
			return err
		}
	}
	return batch.Send()
}

func read(ctx context.Context, db driver.Conn, table string) ([]row, error) {
	answer, err := db.Query(ctx, `SELECT id, at, name, low, maybe, list, labels, letters, toString(decimal), nothing,
		toString(identity) FROM `+table+" ORDER BY id")
	if err != nil {
		return nil, err
	}
	rows := []row{}
	for answer.Next() {
		var r row
		if err := answer.Scan(&r.ID, &r.At, &r.Name, &r.Low, &r.Maybe, &r.List, &r.Labels, &r.Letters, &r.Decimal,
			&r.Nothing, &r.Identity); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, answer.Err()
}
