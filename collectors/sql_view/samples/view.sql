-- A view for the collectors: no column of it names a citizen.
CREATE VIEW v_ho_so AS
SELECT so_ho_so       AS "MaHoSo",
       ma_thu_tuc     AS "MaTTHC",
       kenh           AS "KenhThucHien",
       ngay_nop       AS "NgayNopHoSo",
       ngay_tiep_nhan AS "NgayTiepNhan",
       ngay_hen_tra   AS "NgayHenTra",
       trang_thai     AS "TrangThaiHoSo",
       ngay_ket_thuc  AS "NgayKetThucXuLy",
       ma_don_vi      AS "DonViXuLy",
       cap_nhat       AS "NgayCapNhat"
FROM ho_so;

CREATE INDEX ho_so_cap_nhat ON ho_so (cap_nhat, so_ho_so);
